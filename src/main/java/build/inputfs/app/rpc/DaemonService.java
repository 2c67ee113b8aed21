package build.inputfs.app.rpc;

import build.inputfs.app.daemon.ViewRegistry;
import build.inputfs.app.metrics.Metrics;
import build.inputfs.app.metrics.Sample;
import build.inputfs.app.proto.DaemonGrpc;
import build.inputfs.app.proto.GetInfoRequest;
import build.inputfs.app.proto.GetStatisticsRequest;
import build.inputfs.app.proto.Info;
import build.inputfs.app.proto.Statistics;
import io.grpc.stub.StreamObserver;
import java.time.Instant;

/** The service {@code Daemon}. Thread-safe. */
final class DaemonService extends DaemonGrpc.DaemonImplBase {
  private final Info info;
  private final ViewRegistry views;
  private final Metrics metrics;

  DaemonService(Info info, ViewRegistry views, Metrics metrics) {
    this.info = info;
    this.views = views;
    this.metrics = metrics;
  }

  @Override
  public void getInfo(GetInfoRequest request, StreamObserver<Info> answer) {
    Answers.answer(answer, () -> info);
  }

  @Override
  public void getStatistics(GetStatisticsRequest request, StreamObserver<Statistics> answer) {
    Answers.answer(
        answer,
        () -> {
          Statistics.Builder statistics =
              Statistics.newBuilder()
                  .setTime(Messages.timestamp(Instant.now()))
                  .setOpenViews(views.size())
                  .setLeases(views.leases());
          for (Sample sample : metrics.samples()) {
            statistics.addMetrics(
                Statistics.Metric.newBuilder()
                    .setName(sample.name())
                    .putAllLabels(sample.labels())
                    .setValue(sample.value()));
          }
          return statistics.build();
        });
  }
}

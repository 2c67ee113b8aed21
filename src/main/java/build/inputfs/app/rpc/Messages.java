package build.inputfs.app.rpc;

import build.inputfs.app.daemon.Closed;
import build.inputfs.app.daemon.Correlation;
import build.inputfs.app.daemon.Event;
import build.inputfs.app.daemon.ViewRequest;
import build.inputfs.app.daemon.ViewState;
import build.inputfs.app.metrics.Spans;
import build.inputfs.app.proto.ExpectedOutputs;
import build.inputfs.app.proto.Failure;
import build.inputfs.app.proto.Medium;
import build.inputfs.app.proto.Mutability;
import build.inputfs.app.proto.Owner;
import build.inputfs.app.proto.Quota;
import build.inputfs.app.proto.QuotaHit;
import build.inputfs.app.proto.View;
import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cache.view.LimitHit;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.Command;
import build.inputfs.cas.proto.Digests;
import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Turns what the daemon knows into messages of the API, and back. Stateless. */
final class Messages {
  private Messages() {}

  static View view(ViewState state) {
    ViewRequest request = state.request();
    View.Builder view =
        View.newBuilder()
            .setName(state.name())
            .setInputRoot(Digests.toProto(request.root()))
            .setPath(state.path().toString())
            .setStrategy(state.strategy())
            .setMechanism(state.mechanism())
            .setOwner(Owner.newBuilder().setUid(request.uid()).setGid(request.gid()))
            .setMutability(
                request.readOnly()
                    ? Mutability.MUTABILITY_READ_ONLY
                    : Mutability.MUTABILITY_WRITABLE)
            .setQuota(
                Quota.newBuilder()
                    .setBytes(request.quota().bytes())
                    .setFiles(request.quota().files())
                    .setMedium(
                        switch (request.quota().medium()) {
                          case DISK -> Medium.MEDIUM_DISK;
                          case MEMORY -> Medium.MEDIUM_MEMORY;
                        }))
            .setLease(request.lease())
            .setCorrelation(correlation(request.correlation()))
            .setCreated(timestamp(state.created()))
            .setMakeTime(duration(state.makeTime()))
            .putAllCounters(state.counters());
    Instant expires = state.expires();
    if (expires != null) {
      view.setExpires(timestamp(expires));
    }
    state.failures().forEach(failure -> view.addFailures(failure(failure)));
    state.limitHits().forEach(hit -> view.addQuotaHits(hit(hit)));
    return view.build();
  }

  static Failure failure(ViewFailure failure) {
    Failure.Builder message =
        Failure.newBuilder()
            .setOperation(failure.operation())
            .setPath(failure.path())
            .setCause(failure.cause())
            .setKind(failure.kind().name().toLowerCase(Locale.ROOT));
    Digest digest = failure.digest();
    if (digest != null) {
      message.setDigest(Digests.toProto(digest));
    }
    return message.build();
  }

  static QuotaHit hit(LimitHit hit) {
    return QuotaHit.newBuilder()
        .setKind(hit.limit().name().toLowerCase(Locale.ROOT))
        .setLimit(hit.allowed())
        .setPassed(!hit.refused())
        .build();
  }

  static build.inputfs.app.proto.Correlation correlation(Correlation correlation) {
    return build.inputfs.app.proto.Correlation.newBuilder()
        .setActionId(correlation.actionId())
        .setToolInvocationId(correlation.toolInvocationId())
        .setCorrelatedInvocationsId(correlation.correlatedInvocationsId())
        .setTraceparent(correlation.traceparent())
        .build();
  }

  static Correlation correlation(build.inputfs.app.proto.Correlation message) {
    return new Correlation(
        message.getActionId(),
        message.getToolInvocationId(),
        message.getCorrelatedInvocationsId(),
        message.getTraceparent());
  }

  /**
   * @throws IllegalArgumentException when a path leaves the view
   */
  static DeclaredOutputs outputs(ExpectedOutputs message) {
    return DeclaredOutputs.of(
        Command.newBuilder()
            .setWorkingDirectory(message.getWorkingDirectory())
            .addAllOutputPaths(message.getPathsList())
            .setOutputDirectoryFormat(message.getDirectoryFormat())
            .addAllOutputNodeProperties(message.getNodePropertiesList())
            .build());
  }

  /**
   * @throws IllegalArgumentException when it is none
   */
  static build.inputfs.cache.view.Quota quota(Quota message) {
    return new build.inputfs.cache.view.Quota(
        message.getBytes(),
        message.getFiles(),
        switch (message.getMedium()) {
          case MEDIUM_DISK -> build.inputfs.cache.view.Quota.Medium.DISK;
          case MEDIUM_MEMORY -> build.inputfs.cache.view.Quota.Medium.MEMORY;
          case UNRECOGNIZED -> throw new IllegalArgumentException("there is no such medium");
        });
  }

  static DeclaredOutputs noOutputs() {
    return DeclaredOutputs.ofPaths(List.of());
  }

  /** Null for what nobody outside is told. */
  static build.inputfs.app.proto.@Nullable Event event(Event event) {
    build.inputfs.app.proto.Event.Builder message =
        build.inputfs.app.proto.Event.newBuilder()
            .setTime(timestamp(event.time()))
            .setName(event.view())
            .setLease(event.request().lease())
            .setCorrelation(correlation(event.request().correlation()));
    switch (event.what()) {
      case Event.Created(ViewState view) -> message.setCreated(view(view)).setSpan(Spans.MAKE);
      case Event.Ended(Closed closed) ->
          message
              .setClosed(
                  build.inputfs.app.proto.Event.Closed.newBuilder()
                      .setReason(closed.reason())
                      .setProblem(closed.problem())
                      .setView(view(closed.view()))
                      .setCloseTime(duration(closed.closeTime())))
              .setSpan(Spans.CLOSE);
      case Event.Failed(ViewFailure failure) -> message.setFailure(failure(failure));
      case Event.LimitMet(LimitHit hit) -> message.setQuotaHit(hit(hit));
      case Event.NotCreated _, Event.OutputsCollected _ -> {
        return null;
      }
    }
    return message.build();
  }

  static Timestamp timestamp(Instant time) {
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }

  static Duration duration(java.time.Duration time) {
    return Duration.newBuilder().setSeconds(time.getSeconds()).setNanos(time.getNano()).build();
  }

  /**
   * @throws IllegalArgumentException when it is longer than the daemon can count
   */
  static java.time.Duration duration(Duration message) {
    try {
      java.time.Duration time =
          java.time.Duration.ofSeconds(message.getSeconds(), message.getNanos());
      long _ = time.toNanos();
      return time;
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("the deadline is too long", e);
    }
  }
}

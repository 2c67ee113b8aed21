package build.inputfs.app.rpc;

import build.inputfs.app.daemon.Caller;
import build.inputfs.app.daemon.Closed;
import build.inputfs.app.daemon.Collected;
import build.inputfs.app.daemon.Events;
import build.inputfs.app.daemon.ViewRegistry;
import build.inputfs.app.daemon.ViewRequest;
import build.inputfs.app.daemon.ViewState;
import build.inputfs.app.proto.CloseViewRequest;
import build.inputfs.app.proto.CloseViewResponse;
import build.inputfs.app.proto.CollectOutputsRequest;
import build.inputfs.app.proto.CollectOutputsResponse;
import build.inputfs.app.proto.CreateViewRequest;
import build.inputfs.app.proto.GetViewRequest;
import build.inputfs.app.proto.HoldLeaseRequest;
import build.inputfs.app.proto.LeaseState;
import build.inputfs.app.proto.ListViewsRequest;
import build.inputfs.app.proto.ListViewsResponse;
import build.inputfs.app.proto.Owner;
import build.inputfs.app.proto.View;
import build.inputfs.app.proto.ViewsGrpc;
import build.inputfs.app.proto.WatchEventsRequest;
import build.inputfs.app.run.RecordedAction;
import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.store.BlobSource;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The service {@code Views}: what it does for clients is documented there. Thread-safe. */
final class ViewsService extends ViewsGrpc.ViewsImplBase {
  private final ViewRegistry views;
  private final Events events;
  private final BlobSource blobs;

  /**
   * @param blobs where actions are
   */
  ViewsService(ViewRegistry views, Events events, BlobSource blobs) {
    this.views = views;
    this.events = events;
    this.blobs = blobs;
  }

  @Override
  public void holdLease(HoldLeaseRequest request, StreamObserver<LeaseState> answer) {
    LeaseCall call =
        new LeaseCall((ServerCallStreamObserver<LeaseState>) answer, request.getDescription());
    try {
      call.begin(views.lease(Clients.current(), call::closed));
    } catch (IOException e) {
      answer.onError(Statuses.of(e));
    }
  }

  @Override
  public void createView(CreateViewRequest request, StreamObserver<View> answer) {
    Caller caller = Clients.current();
    ServerCallStreamObserver<View> call = (ServerCallStreamObserver<View>) answer;
    call.setOnCancelHandler(() -> {}); // so that answering a client that has gone does not throw
    Answers.answer(
        answer,
        () -> {
          ViewState view = views.create(caller, request(caller, request));
          if (call.isCancelled()) {
            // Nobody knows its name: nobody else would close it.
            var _ = views.close(caller, view.name());
          }
          return Messages.view(view);
        });
  }

  @Override
  public void getView(GetViewRequest request, StreamObserver<View> answer) {
    Answers.answer(
        answer, () -> Messages.view(views.describe(Clients.current(), request.getName())));
  }

  @Override
  public void listViews(ListViewsRequest request, StreamObserver<ListViewsResponse> answer) {
    Answers.answer(
        answer,
        () -> {
          ListViewsResponse.Builder response = ListViewsResponse.newBuilder();
          views
              .list(Clients.current(), request.getLease())
              .forEach(view -> response.addViews(Messages.view(view)));
          return response.build();
        });
  }

  @Override
  public void collectOutputs(
      CollectOutputsRequest request, StreamObserver<CollectOutputsResponse> answer) {
    Answers.answer(
        answer,
        () -> {
          DeclaredOutputs wanted =
              request.hasOutputs() ? Messages.outputs(request.getOutputs()) : null;
          Collected collected =
              views.collect(Clients.current(), request.getName(), wanted, request.getLocalOnly());
          CollectOutputsResponse.Builder response =
              CollectOutputsResponse.newBuilder()
                  .setResult(collected.result())
                  .setCollectTime(Messages.duration(collected.time()));
          collected.view().failures().forEach(f -> response.addFailures(Messages.failure(f)));
          collected.view().limitHits().forEach(hit -> response.addQuotaHits(Messages.hit(hit)));
          return response.build();
        });
  }

  @Override
  public void closeView(CloseViewRequest request, StreamObserver<CloseViewResponse> answer) {
    try {
      var _ =
          views
              .close(Clients.current(), request.getName())
              .whenComplete((closed, failure) -> answerClosed(answer, closed, failure));
    } catch (IOException | RuntimeException e) {
      answer.onError(Statuses.of(e));
    }
  }

  @Override
  public void watchEvents(
      WatchEventsRequest request, StreamObserver<build.inputfs.app.proto.Event> answer) {
    new EventCall(
            Clients.current(),
            request,
            (ServerCallStreamObserver<build.inputfs.app.proto.Event>) answer)
        .begin(events);
  }

  private static void answerClosed(
      StreamObserver<CloseViewResponse> answer, Closed closed, @Nullable Throwable failure) {
    if (failure != null) {
      answer.onError(Statuses.of(failure));
    } else if (!closed.problem().isEmpty()) {
      answer.onError(
          Status.INTERNAL
              .withDescription("the view has ended, but something is left: " + closed.problem())
              .asRuntimeException());
    } else {
      answer.onNext(
          CloseViewResponse.newBuilder()
              .setView(Messages.view(closed.view()))
              .setCloseTime(Messages.duration(closed.closeTime()))
              .build());
      answer.onCompleted();
    }
  }

  private ViewRequest request(Caller caller, CreateViewRequest request) throws IOException {
    Digest root;
    DeclaredOutputs outputs;
    List<String> command = request.getCommandList();
    switch (request.getTreeCase()) {
      case INPUT_ROOT -> {
        root = Digests.fromProto(request.getInputRoot());
        outputs = Messages.noOutputs();
      }
      case ACTION -> {
        RecordedAction action = RecordedAction.read(blobs, Digests.fromProto(request.getAction()));
        root = action.root();
        outputs = DeclaredOutputs.of(action.command());
        command = command.isEmpty() ? action.command().getArgumentsList() : command;
      }
      case TREE_NOT_SET ->
          throw new IllegalArgumentException("neither an input root nor an action is given");
      default -> throw new AssertionError(request.getTreeCase());
    }
    if (request.hasOutputs()) {
      outputs = Messages.outputs(request.getOutputs());
    }
    Owner owner =
        request.hasOwner()
            ? request.getOwner()
            : Owner.newBuilder().setUid(caller.uid()).setGid(caller.gid()).build();
    return new ViewRequest(
        root,
        request.getMountPoint().isEmpty() ? null : Path.of(request.getMountPoint()),
        request.getStrategy(),
        owner.getUid(),
        owner.getGid(),
        switch (request.getMutability()) {
          case MUTABILITY_WRITABLE -> false;
          case MUTABILITY_READ_ONLY -> true;
          case UNRECOGNIZED -> throw new IllegalArgumentException("there is no such mutability");
        },
        outputs,
        Messages.quota(request.getQuota()),
        request.hasDeadline() ? Messages.duration(request.getDeadline()) : null,
        request.getLease(),
        RequestMetadata.complete(Messages.correlation(request.getCorrelation())),
        command);
  }
}

package build.inputfs.app.rpc;

import build.inputfs.app.daemon.TreeKeeper;
import build.inputfs.app.proto.ImportDirectoryRequest;
import build.inputfs.app.proto.ImportDirectoryResponse;
import build.inputfs.app.proto.PrefetchTreeRequest;
import build.inputfs.app.proto.PrefetchTreeResponse;
import build.inputfs.app.proto.ReadBlobRequest;
import build.inputfs.app.proto.ReadBlobResponse;
import build.inputfs.app.proto.TreesGrpc;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.tree.TreeSummary;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;

/** The service {@code Trees}. Thread-safe. */
final class TreesService extends TreesGrpc.TreesImplBase {
  private final TreeKeeper trees;

  TreesService(TreeKeeper trees) {
    this.trees = trees;
  }

  @Override
  public void importDirectory(
      ImportDirectoryRequest request, StreamObserver<ImportDirectoryResponse> answer) {
    Answers.answer(
        answer,
        () -> {
          TreeKeeper.Imported imported =
              trees.importDirectory(Clients.current(), Path.of(request.getPath()));
          TreeSummary summary = imported.summary();
          return ImportDirectoryResponse.newBuilder()
              .setRoot(Digests.toProto(imported.root()))
              .setFiles(summary.files())
              .setDirectories(summary.directories())
              .setSymlinks(summary.symlinks())
              .setBytes(summary.bytes())
              .build();
        });
  }

  @Override
  public void prefetchTree(
      PrefetchTreeRequest request, StreamObserver<PrefetchTreeResponse> answer) {
    Answers.answer(
        answer,
        () -> {
          TreeSummary summary = trees.prefetch(Digests.fromProto(request.getRoot()));
          return PrefetchTreeResponse.newBuilder()
              .setFiles(summary.files())
              .setDirectories(summary.directories())
              .setBytes(summary.bytes())
              .build();
        });
  }

  @Override
  public void readBlob(ReadBlobRequest request, StreamObserver<ReadBlobResponse> answer) {
    Answers.answer(
        answer,
        () -> {
          byte[] data =
              trees.read(
                  Digests.fromProto(request.getDigest()),
                  request.getOffset(),
                  request.getLimit(),
                  request.getDirectory());
          return ReadBlobResponse.newBuilder()
              .setData(UnsafeByteOperations.unsafeWrap(data))
              .build();
        });
  }
}

package build.inputfs.app.rpc;

import io.grpc.stub.StreamObserver;
import java.io.IOException;

/** Answers calls of one request and one answer, well or not. Stateless. */
final class Answers {
  private Answers() {}

  /** Work whose result is the answer. */
  @FunctionalInterface
  interface Work<T> {
    T run() throws IOException;
  }

  /** Does the work, and answers. */
  static <T> void answer(StreamObserver<T> to, Work<T> work) {
    T result;
    try {
      result = work.run();
    } catch (IOException | RuntimeException e) {
      to.onError(Statuses.of(e));
      return;
    }
    to.onNext(result);
    to.onCompleted();
  }
}

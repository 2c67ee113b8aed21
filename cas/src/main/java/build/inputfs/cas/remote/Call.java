package build.inputfs.cas.remote;

import com.google.protobuf.MessageLite;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One gRPC call, for a thread that waits: what it sends waits until there is room, and what comes
 * is taken one message at a time, with no more than about {@link #WINDOW} bytes waiting to be
 * taken. It is cancelled when it is closed before its end.
 *
 * <p>gRPC's own threads run the listener, which only puts messages aside.
 */
final class Call<Q, A extends MessageLite> implements AutoCloseable {
  /**
   * How many bytes of messages may wait: enough for the connection never to wait for the reader.
   */
  private static final int WINDOW = 1 << 20;

  private final RemoteTarget target;
  private final String what;
  private final Channels.Lane lane;
  private final ClientCall<Q, A> call;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<A> waiting = new ArrayDeque<>();
  private long waitingBytes;
  private boolean paused;
  private @Nullable Status end;

  /** Starts the call, which leaves the lane when it is closed. Only headers are sent yet. */
  Call(
      Channels.Lane lane,
      MethodDescriptor<Q, A> method,
      Metadata headers,
      RemoteTarget target,
      String what) {
    this.target = target;
    this.what = what;
    this.lane = lane;
    this.call = lane.channel().newCall(method, CallOptions.DEFAULT.withOnReadyThreshold(WINDOW));
    call.start(new Listener(), headers);
    call.request(1);
  }

  /** Sends the only message, or the last. */
  void sendLast(Q message) {
    call.sendMessage(message);
    call.halfClose();
  }

  /**
   * Sends a message when there is room for it.
   *
   * @param silence how long to wait for that, in nanoseconds
   * @return false when the server wants no more, because it has answered
   * @throws RemoteException when the call has failed, or there is no room in time
   */
  boolean send(Q message, long silence) throws RemoteException, InterruptedIOException {
    long left = silence;
    lock.lock();
    try {
      while (!call.isReady() && end == null && waiting.isEmpty()) {
        left = awaitChange(left);
      }
      if (end != null && !end.isOk()) {
        throw Failures.of(end, target, what);
      }
      if (end != null || !waiting.isEmpty()) {
        return false;
      }
    } finally {
      lock.unlock();
    }
    call.sendMessage(message);
    return true;
  }

  void halfClose() {
    call.halfClose();
  }

  /**
   * The next message, or null when the call has ended well.
   *
   * @param silence how long to wait for it, in nanoseconds
   * @throws RemoteException when the call has failed, or nothing comes in time
   */
  @Nullable A next(long silence) throws RemoteException, InterruptedIOException {
    long left = silence;
    boolean resume;
    A message;
    lock.lock();
    try {
      while (waiting.isEmpty() && end == null) {
        left = awaitChange(left);
      }
      message = waiting.poll();
      if (message == null) {
        if (end != null && !end.isOk()) {
          throw Failures.of(end, target, what);
        }
        return null;
      }
      waitingBytes -= message.getSerializedSize();
      resume = paused && waitingBytes <= WINDOW / 2;
      paused &= !resume;
    } finally {
      lock.unlock();
    }
    if (resume) {
      call.request(1);
    }
    return message;
  }

  /** The one message of the answer, once the call has ended well. */
  A only(long silence) throws RemoteException, InterruptedIOException {
    A message = next(silence);
    if (message == null) {
      throw Failures.endedEarly(target, what, "the server has sent nothing");
    }
    if (next(silence) != null) {
      throw Failures.wrongContent(target, what, "the server has sent two answers");
    }
    return message;
  }

  @Override
  public void close() {
    lane.leave();
    lock.lock();
    try {
      if (end != null) {
        return;
      }
    } finally {
      lock.unlock();
    }
    call.cancel("nobody waits for it", null);
  }

  /** Waits for the state to change, once; the callers look whether it is what they wait for. */
  @SuppressWarnings("WaitNotInLoop") // the loops are in the callers
  private long awaitChange(long left) throws RemoteException, InterruptedIOException {
    if (left <= 0) {
      throw Failures.of(
          Status.DEADLINE_EXCEEDED.withDescription("nothing comes from the server"), target, what);
    }
    try {
      return changed.awaitNanos(left);
    } catch (InterruptedException e) {
      throw Failures.interrupted(what);
    }
  }

  /** What gRPC tells of the call; one of its threads at a time. */
  private final class Listener extends ClientCall.Listener<A> {
    @Override
    public void onMessage(A message) {
      boolean more;
      lock.lock();
      try {
        waiting.add(message);
        waitingBytes += message.getSerializedSize();
        more = waitingBytes < WINDOW;
        paused |= !more;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      if (more) {
        call.request(1);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      lock.lock();
      try {
        end = status;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void onReady() {
      lock.lock();
      try {
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}

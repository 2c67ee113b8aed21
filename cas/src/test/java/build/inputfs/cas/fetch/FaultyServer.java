package build.inputfs.cas.fetch;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.remote.testserver.DelayRelay;
import build.inputfs.cas.remote.testserver.Fault;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.cas.remote.testserver.Rpc;
import io.grpc.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What goes wrong at a server, and on the way to it, for a while: chosen at random, some of it for
 * each call, some for all of them. Between {@link #begin} and {@link #end}, for one thread.
 *
 * <p>Calls fail with any status, break off, hang, trickle, are late, or bring a wrong bit, too
 * little or too much; the server may have none of some calls, lack blobs or have others in their
 * place, and not hear of offsets and limits; connections are cut, or pass nothing on.
 */
final class FaultyServer {
  private static final List<Status.Code> CODES =
      Arrays.stream(Status.Code.values()).filter(code -> code != Status.Code.OK).toList();

  private final ReapiServer server;
  private final DelayRelay relay;
  private final Map<Digest, byte[]> contents;
  private final Random random;
  private final List<Digest> spoilt = new ArrayList<>();
  private @Nullable Thread cutter;

  /**
   * @param contents what the server has, and will have again
   */
  FaultyServer(ReapiServer server, DelayRelay relay, Map<Digest, byte[]> contents, Random random) {
    this.server = server;
    this.relay = relay;
    this.contents = contents;
    this.random = random;
  }

  /** From now on things go wrong. */
  void begin() throws IOException {
    server.lacks(lacking());
    ReapiServer.Offer usual = ReapiServer.Offer.USUAL;
    server.offer(random.nextBoolean() ? usual : usual.compressed());
    server.habits(
        ReapiServer.Habits.GOOD
            .withChunk(1 << 14)
            .withPage(1 + random.nextInt(30))
            .ignoring(random.nextInt(3) == 0, random.nextInt(3) == 0));
    spoil();
    server.choose(chooser(random.nextLong(), random.nextInt(60)));
    switch (random.nextInt(10)) {
      case 0 -> relay.hang(true);
      case 1, 2 -> cutter = Thread.ofVirtual().start(this::cutAgainAndAgain);
      default -> {}
    }
  }

  /** From now on all is well; what the server does not hear, it does not hear. */
  void end() throws IOException, InterruptedException {
    Thread cutting = cutter;
    if (cutting != null) {
      cutting.interrupt();
      cutting.join();
    }
    relay.hang(false);
    server.lacks();
    server.choose(_ -> null);
    for (Digest digest : spoilt) {
      server.remove(digest);
      var _ = server.put(content(digest));
    }
  }

  private void cutAgainAndAgain() {
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(40);
        relay.cut();
      }
    } catch (InterruptedException e) {
      // That is how it ends.
    }
  }

  private Rpc[] lacking() {
    Set<Rpc> lacking = EnumSet.noneOf(Rpc.class);
    if (random.nextInt(3) == 0) {
      lacking.add(Rpc.GET_TREE);
    }
    if (random.nextInt(4) == 0) {
      lacking.add(Rpc.BATCH_READ);
    }
    if (random.nextInt(8) == 0) {
      lacking.add(Rpc.CAPABILITIES);
    }
    return lacking.toArray(Rpc[]::new);
  }

  /** Has the server lack some blobs, or have others in their place. */
  private void spoil() {
    List<Digest> all = new ArrayList<>(contents.keySet());
    Collections.sort(all);
    Collections.shuffle(all, random);
    spoilt.addAll(all.subList(0, random.nextInt(4)));
    for (Digest digest : spoilt) {
      byte[] content = content(digest);
      try {
        server.remove(digest);
        switch (random.nextInt(4)) {
          case 0 -> server.putWrong(digest, Arrays.copyOf(content, content.length / 2));
          case 1 -> server.putWrong(digest, Arrays.copyOf(content, content.length + 7));
          case 2 -> server.putWrong(digest, new byte[content.length]);
          default -> {} // it lacks it
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private byte[] content(Digest digest) {
    return contents.getOrDefault(digest, new byte[0]);
  }

  /** Chooses a fault for so many calls of a hundred. */
  private static Function<Rpc, @Nullable Fault> chooser(long seed, int share) {
    Random random = new Random(seed);
    return _ -> {
      synchronized (random) {
        return random.nextInt(100) < share ? fault(random) : null;
      }
    };
  }

  private static Fault fault(Random random) {
    long bytes = random.nextInt(1 << random.nextInt(1, 19));
    return switch (random.nextInt(13)) {
      case 0, 1, 2, 3 -> new Fault.Fails(CODES.get(random.nextInt(CODES.size())), bytes);
      case 4 -> new Fault.Hangs(bytes);
      case 5, 6 -> new Fault.EndsEarly(bytes);
      case 7, 8 -> new Fault.Corrupts(bytes);
      case 9 -> new Fault.Adds(1 + random.nextInt(100));
      case 10 -> new Fault.Trickles(Duration.ofMillis(1 + random.nextInt(30)));
      default -> new Fault.Waits(Duration.ofMillis(random.nextInt(100)));
    };
  }
}

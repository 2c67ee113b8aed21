package build.inputfs.fuse.overlay;

import build.inputfs.cache.view.Closing;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import build.inputfs.fuse.forest.Forest;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * The forests that views have asked for: one for each owner, mounted when it is first needed.
 * Thread-safe. Owns them and the directories they are mounted on until {@link #close}.
 */
final class Forests implements Metered, AutoCloseable {

  /** Mounts a forest for an owner. */
  @FunctionalInterface
  interface Planter {
    Forest plant(int uid, int gid) throws IOException;
  }

  private record Owner(int uid, int gid) {}

  private final Planter planter;
  private final Map<Owner, Forest> forests = new HashMap<>();

  /** The same, for whoever does not wait for one that is being mounted. */
  private final List<Forest> planted = new CopyOnWriteArrayList<>();

  private boolean closed;

  Forests(Planter planter) {
    this.planter = planter;
  }

  /** The forest in which everything belongs to {@code uid} and {@code gid}. */
  synchronized Forest of(int uid, int gid) throws IOException {
    if (closed) {
      throw new IOException("the strategy is closed");
    }
    Owner owner = new Owner(uid, gid);
    Forest known = forests.get(owner);
    if (known == null) {
      known = planter.plant(uid, gid); // once in the life of an owner: nobody minds the wait
      forests.put(owner, known);
      planted.add(known);
    }
    return known;
  }

  @Override
  public void meter(Consumer<Reading> to) {
    to.accept(Reading.gauge("forests", "Forests, one for each owner of views", planted.size()));
    planted.forEach(forest -> forest.meter(to));
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    List<Closing.Step> steps = new ArrayList<>();
    for (Forest forest : forests.values()) {
      steps.add(
          () -> {
            forest.close();
            Files.delete(forest.mountPoint());
          });
    }
    forests.clear();
    Closing.all(steps);
  }
}

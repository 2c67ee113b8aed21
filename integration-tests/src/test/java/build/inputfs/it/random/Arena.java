package build.inputfs.it.random;

import build.inputfs.it.harness.FsOps;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Place;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A view and a private copy with room for many duels, each of which finds the same small tree in a
 * directory that nobody has touched before. Used by one thread.
 */
final class Arena {
  /** So deep that symlinks to what is above them, moved up themselves, stay in the tree. */
  private static final String DEPTH = "/top/top/top/";

  private final Workbench bench;
  private final Strategy strategy;
  private final int rooms;
  private Place copy;
  private Place view;
  private int used;

  Arena(Workbench bench, Strategy strategy, int rooms) {
    this.bench = bench;
    this.strategy = strategy;
    this.rooms = rooms;
    bench.need(strategy);
    this.copy = bench.copy(strategy, tree(rooms));
    this.view = bench.place(strategy, tree(rooms));
  }

  Place copy() {
    return copy;
  }

  Place view() {
    return view;
  }

  /** A process in a room of one of the places. */
  FsOps enter(Place place, int room) {
    return place.another(Path.of("room" + room + DEPTH));
  }

  /** Carries operations out in a new room, and gives the first answer that differs. */
  Optional<Duel.Step> firstDifference(List<String> operations) {
    if (used == rooms) {
      copy.close();
      view.close();
      copy = bench.copy(strategy, tree(rooms));
      view = bench.place(strategy, tree(rooms));
      used = 0;
    }
    int room = used++;
    try (FsOps copyOps = enter(copy, room);
        FsOps viewOps = enter(view, room)) {
      return new Duel(strategy, copyOps, viewOps).firstDifference(operations);
    }
  }

  /** Random operations that know what is in a room. */
  Operations operations(long seed) {
    // When root of a user namespace opens with O_TRUNC, these bits go on a disk and stay on FUSE.
    Operations operations = new Operations(seed, !strategy.isInNamespace());
    List.of("a", "a/b", "a/b/c", "d", "e").forEach(operations::knowDirectory);
    List.of("f", "g", "h", "a/f", "a/g", "a/b/f", "a/b/c/f", "d/f").forEach(operations::knowFile);
    List.of("b", "a/a").forEach(operations::knowSymlink);
    return operations;
  }

  private static InputTree tree(int rooms) {
    InputTree tree = new InputTree();
    for (int room = 0; room < rooms; room++) {
      String prefix = "room" + room + DEPTH;
      tree.file(prefix + "f", "input f")
          .file(prefix + "g", InputTree.pattern(70_000, 1))
          .executable(prefix + "h", "#!/bin/sh\nexit 9\n")
          .file(prefix + "a/f", "")
          .executable(prefix + "a/g", "")
          .file(prefix + "a/b/f", InputTree.pattern(5000, 2))
          .file(prefix + "a/b/c/f", "deep")
          .file(prefix + "d/f", "input f")
          .directory(prefix + "e")
          .symlink(prefix + "b", "a/b")
          .symlink(prefix + "a/a", "../f");
    }
    return tree;
  }
}

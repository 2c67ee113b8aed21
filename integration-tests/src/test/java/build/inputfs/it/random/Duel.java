package build.inputfs.it.random;

import build.inputfs.it.harness.FsOps;
import build.inputfs.it.harness.Strategy;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A private copy and a view that are given the same operations. Used by one thread.
 *
 * <p>What is known to differ is left out: a descriptor opened for reading on an input before the
 * input's first change may go on reading the input as it was, so it is not read from once the input
 * has changed; nor can the input be opened for writing by way of such a descriptor.
 */
final class Duel {
  private static final int SLOTS = 64;
  private static final String INPUT_TIME = " 946684800.000000000";

  /** The operations that read from the slot that is their first argument. */
  private static final Set<String> READS = Set.of("read", "pread", "copy", "sendfile", "seek");

  private final Strategy strategy;
  private final FsOps copy;
  private final FsOps view;

  /** Per slot: it was opened for reading alone. */
  private final boolean[] isReadOnly = new boolean[SLOTS];

  /** Per slot: and its file was an input then, as far as we know. */
  private final boolean[] readsInput = new boolean[SLOTS];

  /**
   * Per slot: it is open on a FIFO. Disks set a FIFO's time when one writes to it, FUSE does not.
   */
  private final boolean[] isFifo = new boolean[SLOTS];

  Duel(Strategy strategy, FsOps copy, FsOps view) {
    this.strategy = strategy;
    this.copy = copy;
    this.view = view;
  }

  /**
   * What both answered, and what was asked.
   *
   * @param operation the line
   * @param expected the private copy's answer
   * @param answer the view's
   */
  record Step(String operation, String expected, String answer) {
    boolean differs() {
      return !expected.equals(answer);
    }

    boolean succeeded() {
      return expected.equals("ok");
    }
  }

  /** Carries out one operation on both sides; nothing where it would read what may differ. */
  Optional<Step> step(String operation) {
    String[] words = operation.split(" ", -1);
    if (readsChangedInput(words)
        || writesFifo(words)
        || reopensInput(words)
        || meetsOverlayLimit(words)
        || meetsNamespaceLimit(words)
        || meetsLibraryLimit(words)) {
      return Optional.empty();
    }
    String answer = view.ask(operation);
    if (answer.equals("EXDEV") && !strategy.movesInputDirectories()) {
      return Optional.empty(); // nothing has happened
    }
    Step step = new Step(operation, copy.ask(operation), answer);
    if (step.succeeded()) {
      noteDescriptors(words);
    }
    return Optional.of(step);
  }

  /** Carries out operations until one's answers differ. */
  Optional<Step> firstDifference(List<String> operations) {
    for (String operation : operations) {
      Optional<Step> step = step(operation);
      if (step.isPresent() && step.get().differs()) {
        return step;
      }
    }
    return Optional.empty();
  }

  private boolean readsChangedInput(String[] words) {
    int slot =
        READS.contains(words[0])
            ? Integer.parseInt(words[1])
            : words[0].equals("map") ? Integer.parseInt(words[2]) : -1;
    return slot >= 0 && readsInput[slot] && !isInput(slot);
  }

  /**
   * Whether it opens again, by /proc/self/fd, what was opened for reading alone. With passthrough
   * that is ESTALE once the content has moved, and writing is what moves it.
   */
  private boolean reopensInput(String[] words) {
    return words[0].equals("reopen") && isReadOnly[Integer.parseInt(words[2])];
  }

  /** Overlayfs cannot copy ranges out of an input, and does not count an input's links. */
  private boolean meetsOverlayLimit(String[] words) {
    return strategy.isOverlay()
        && (words[0].equals("copy") || words[0].equals("fstat"))
        && readsInput[Integer.parseInt(words[1])];
  }

  /** Overlayfs in a user namespace takes two names of what was an input for two files. */
  private boolean meetsNamespaceLimit(String[] words) {
    return !strategy.linksInputs() && (words[0].equals("link") || words[0].equals("linkfile"));
  }

  /** What {@link Strategy#isByPath} says. */
  private boolean meetsLibraryLimit(String[] words) {
    if (!strategy.isByPath()) {
      return false;
    }
    return switch (words[0]) {
      case "rename" -> words.length > 3 && !words[3].equals("0");
      case "open" -> words[3].contains("O_TMPFILE");
      case "link", "linkfile" -> true;
      case "fstat", "fchmod", "fchown", "futimens" ->
          copy.ask("fstat " + words[1]).matches("dir \\d+ 0 .*");
      default -> false;
    };
  }

  private boolean writesFifo(String[] words) {
    return switch (words[0]) {
      case "write", "pwrite", "fill" -> isFifo[Integer.parseInt(words[1])];
      case "sendfile" -> isFifo[Integer.parseInt(words[2])];
      default -> false;
    };
  }

  private void noteDescriptors(String[] words) {
    switch (words[0]) {
      case "open", "reopen" -> noteOpened(Integer.parseInt(words[1]), words[3]);
      case "openat" -> noteOpened(Integer.parseInt(words[1]), words[4]);
      case "dup" -> {
        int to = Integer.parseInt(words[1]);
        int from = Integer.parseInt(words[2]);
        isReadOnly[to] = isReadOnly[from];
        readsInput[to] = readsInput[from];
        isFifo[to] = isFifo[from];
      }
      default -> {}
    }
  }

  private void noteOpened(int slot, String flags) {
    String attributes = copy.ask("fstat " + slot);
    isReadOnly[slot] = flags.startsWith("O_RDONLY");
    readsInput[slot] = isReadOnly[slot] && attributes.endsWith(INPUT_TIME);
    isFifo[slot] = attributes.startsWith("fifo ");
  }

  private boolean isInput(int slot) {
    return copy.ask("fstat " + slot).endsWith(INPUT_TIME);
  }
}

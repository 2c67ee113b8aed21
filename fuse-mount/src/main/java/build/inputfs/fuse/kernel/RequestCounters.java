package build.inputfs.fuse.kernel;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many requests of each kind a session has taken. Any thread may count and read at any time.
 */
public final class RequestCounters {
  private final LongAdder[] adders = new LongAdder[Opcode.NUMBERS];

  RequestCounters() {
    for (int i = 0; i < adders.length; i++) {
      adders[i] = new LongAdder();
    }
  }

  void count(Opcode opcode) {
    adders[opcode.number()].increment();
  }

  public long of(Opcode opcode) {
    return adders[opcode.number()].sum();
  }

  public long total() {
    long sum = 0;
    for (LongAdder adder : adders) {
      sum += adder.sum();
    }
    return sum;
  }

  /** The kinds that were asked for at all, in the order of their numbers. */
  public Map<Opcode, Long> snapshot() {
    Map<Opcode, Long> counts = new EnumMap<>(Opcode.class);
    for (Opcode opcode : Opcode.values()) {
      long count = of(opcode);
      if (count > 0) {
        counts.put(opcode, count);
      }
    }
    return counts;
  }
}

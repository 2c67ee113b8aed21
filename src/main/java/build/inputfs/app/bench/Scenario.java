package build.inputfs.app.bench;

import java.io.IOException;
import java.util.List;

/** A sequence of steps that gives the figures of some rows. For one thread. */
interface Scenario {
  /** What it is about, for people; {@link #prepare} has been called. */
  String title();

  /** The rows that it gives figures for. */
  List<Row> rows();

  /** Makes what the turns of a round need. */
  void prepare(int round) throws IOException;

  /**
   * Trees whose views a server that has run for a while would have made before, to get warm; {@link
   * #prepare} has been called.
   */
  default List<InputTree> familiar() throws IOException {
    return List.of();
  }

  /**
   * Does the steps for one contender.
   *
   * @throws RefusedException when this contender cannot do it
   * @throws IOException when the benchmark cannot go on
   */
  void run(Turn turn) throws IOException;
}

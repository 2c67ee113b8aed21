package build.inputfs.app.metrics;

/**
 * The names of the spans that a view's life consists of, for who traces a build: an event that ends
 * one says its name and how long it took. Stateless.
 */
public final class Spans {
  /** From the request to a view that can be used. */
  public static final String MAKE = "inputfs.view.make";

  /** Putting outputs in the store. */
  public static final String COLLECT = "inputfs.view.collect";

  /** From the wish to end a view to its end. */
  public static final String CLOSE = "inputfs.view.close";

  private Spans() {}
}

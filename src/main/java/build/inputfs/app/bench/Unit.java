package build.inputfs.app.bench;

/** What a figure counts. Less is better in all of them. */
enum Unit {
  MILLISECONDS("ms", 1e6),
  MICROSECONDS_EACH("µs each", 1e3),
  MEGABYTES("MB", 1e6);

  private final String text;
  private final double divisor;

  Unit(String text, double divisor) {
    this.text = text;
    this.divisor = divisor;
  }

  /** The unit as people write it. */
  String text() {
    return text;
  }

  /** So many nanoseconds, or bytes, in this unit. */
  double of(long nanosOrBytes) {
    return nanosOrBytes / divisor;
  }
}

package build.inputfs.app.doctor;

/** What came of trying something. */
public enum Verdict {
  WORKS("works"),
  LIMITED("limited"),
  FAILS("does not work");

  private final String label;

  Verdict(String label) {
    this.label = label;
  }

  /** What people read. */
  public String label() {
    return label;
  }
}

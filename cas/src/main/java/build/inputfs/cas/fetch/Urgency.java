package build.inputfs.cas.fetch;

/** How soon a blob is wanted: what is declared first goes first. */
enum Urgency {
  /** Somebody waits for it. */
  DEMANDED,
  /** Somebody will soon: a directory on the way to what is wanted. */
  SOON,
  /** Somebody may. */
  LATER
}

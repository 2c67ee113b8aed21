package build.inputfs.app.doctor;

/** What became of the process that something belongs to. */
enum Fate {
  LIVES,
  DIED,
  /** There is nothing to tell it by. */
  UNKNOWN
}

package build.inputfs.app.doctor;

/**
 * What was found of one thing that views may use.
 *
 * @param what its name
 * @param why what was seen, or why it does not work
 * @param advice what to do about it; empty where nothing is to be done
 */
public record Finding(String what, Verdict verdict, String why, String advice) {

  static Finding works(String what, String why) {
    return new Finding(what, Verdict.WORKS, why, "");
  }

  static Finding limited(String what, String why, String advice) {
    return new Finding(what, Verdict.LIMITED, why, advice);
  }

  static Finding fails(String what, String why, String advice) {
    return new Finding(what, Verdict.FAILS, why, advice);
  }
}

package build.inputfs.app.bench;

/**
 * One thing that is measured.
 *
 * @param id names it in options and in JSON
 * @param title says what it is, for people
 * @param unit of its figures
 */
record Row(String id, String title, Unit unit) {}

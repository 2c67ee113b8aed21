package build.inputfs.app.config;

/**
 * A name and its value, as they stand in a file.
 *
 * @param table the table that it is in, or empty for none
 * @param value a String, Long or Boolean, or something that no setting takes
 * @param line where it is, from 1
 */
record Entry(String table, String label, Object value, int line) {}

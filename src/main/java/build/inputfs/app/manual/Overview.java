package build.inputfs.app.manual;

/**
 * What is said of the program as a whole.
 *
 * @param program its name and version
 * @param purpose what it does, in half a sentence
 * @param description what it does
 * @param roots what names a tree
 * @param exitCodes what they mean where a command does not say
 */
public record Overview(
    String program, String purpose, String description, String roots, String exitCodes) {}

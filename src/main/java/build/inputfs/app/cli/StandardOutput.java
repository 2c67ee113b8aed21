package build.inputfs.app.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/**
 * This process's standard output, which keeps why it could not be written: the {@code PrintStream}
 * of a {@link Console} drops that. Written by one thread at a time, as a {@code PrintStream} does.
 */
final class StandardOutput extends OutputStream {
  /** What the C library calls EPIPE in the locale that the launchers set. */
  private static final String READER_GONE = "Broken pipe";

  private final FileOutputStream file = new FileOutputStream(FileDescriptor.out);
  private @Nullable IOException failure;

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      file.write(bytes, offset, length);
    } catch (IOException e) {
      if (failure == null) {
        failure = e;
      }
      throw e;
    }
  }

  /**
   * Writes what is buffered, and gives the exit code to end with: where results were lost it is a
   * failure, which is told. A reader who has gone had enough, which is none.
   *
   * @param console writes here
   */
  int end(int exitCode, Console console) {
    console.out().flush();
    if (failure == null || READER_GONE.equals(failure.getMessage())) {
      return exitCode;
    }
    console.say("cannot write to standard output: " + failure.getMessage());
    return exitCode == Subcommand.OK ? Subcommand.FAILED : exitCode;
  }
}

package build.inputfs.app.run;

import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Says in one line what went wrong. Stateless. */
public final class Problems {
  private Problems() {}

  /**
   * The message of a failure; those of the JDK that are a bare path get the words that they lack.
   */
  public static String describe(Throwable failure) {
    String message = failure.getMessage();
    if (message == null) {
      return failure.getClass().getSimpleName();
    }
    String text =
        switch (failure) {
          case FileSystemException e when e.getReason() != null -> message;
          case NoSuchFileException _ -> message + ": no such file or directory";
          case AccessDeniedException _ -> message + ": permission denied";
          case NotDirectoryException _ -> message + ": not a directory";
          case FileAlreadyExistsException _ -> message + ": exists already";
          case DirectoryNotEmptyException _ -> message + ": not empty";
          default -> message;
        };
    return text.replace('\n', ' ');
  }
}

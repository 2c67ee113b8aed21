package com.kenai.jffi.internal;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Loads jffi's native library, once, when jffi first looks for this class: from a folder of the
 * property {@code jffi.boot.library.path}, else from jffi's jar. It is found before jffi's own
 * class of this name, which sets up the JDK's logging first: that takes longer than all else that a
 * short command does.
 */
@SuppressWarnings("restricted") // to load a library is all that it does
public final class StubLoader {
  private static final String FOLDERS = "jffi.boot.library.path";
  private static final String LIBRARY = "jffi-1.2";

  private static final String FAILURE = load();

  private StubLoader() {}

  /** Whether the library is there. Called by jffi. */
  public static boolean isLoaded() {
    return FAILURE.isEmpty();
  }

  /** Why it is not. Called by jffi. */
  public static Throwable getFailureCause() {
    return new UnsatisfiedLinkError(FAILURE);
  }

  /** Returns why that failed, or nothing. */
  private static String load() {
    try {
      if (!loadFromFolder(System.getProperty(FOLDERS, ""))) {
        loadFromJar();
      }
      return "";
    } catch (IOException | RuntimeException | UnsatisfiedLinkError e) {
      return e.toString();
    }
  }

  private static boolean loadFromFolder(String folders) {
    int start = 0;
    while (start < folders.length()) {
      int end = folders.indexOf(File.pathSeparatorChar, start);
      end = end < 0 ? folders.length() : end;
      File library = new File(folders.substring(start, end), System.mapLibraryName(LIBRARY));
      if (library.exists()) {
        try {
          System.load(library.getAbsolutePath());
          return true;
        } catch (UnsatisfiedLinkError e) {
          // It is for another machine.
        }
      }
      start = end + 1;
    }
    return false;
  }

  private static void loadFromJar() throws IOException {
    String name = "/jni/" + inJar();
    try (InputStream in = StubLoader.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new UnsatisfiedLinkError("jffi has no library " + name);
      }
      Path copy = Files.createTempFile("jffi", ".library");
      try {
        Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
        System.load(copy.toString());
      } finally {
        Files.delete(copy);
      }
    }
  }

  /** Where this machine's is in the jar. jffi's own class that knows asks the library first. */
  private static String inJar() {
    if (System.getProperty("os.name", "").startsWith("Mac")) {
      return "Darwin/lib" + LIBRARY + ".jnilib"; // for all of its processors
    }
    String named = System.getProperty("os.arch", "");
    String processor =
        switch (named) {
          case "amd64" -> "x86_64";
          case "x86" -> "i386";
          default -> named;
        };
    return processor + "-Linux/" + System.mapLibraryName(LIBRARY);
  }
}

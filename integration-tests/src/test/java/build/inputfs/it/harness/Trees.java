package build.inputfs.it.harness;

/** Input trees that many tests start from. */
public final class Trees {
  private Trees() {}

  /** Some of everything that an input tree can hold. */
  public static InputTree mixed() {
    return new InputTree()
        .file("input.txt", "hello, world")
        .file("empty", "")
        .file("twin-1", "the same")
        .file("twin-2", "the same")
        .file("big", InputTree.pattern(300_000, 7))
        .executable("run.sh", "#!/bin/sh\nexit 7\n")
        .executable("empty-run", "")
        .executable("twin-run", "the same")
        .file("dir/a.txt", "aaa")
        .file("dir/b.txt", "bbb")
        .file("dir/sub/deep.txt", "deep")
        .directory("empty-dir")
        .symlink("to-file", "input.txt")
        .symlink("to-dir", "dir")
        .symlink("dangling", "no/such/file")
        .symlink("absolute", "/etc/passwd")
        .symlink("dir/up", "../input.txt")
        .symlink("loop", "loop");
  }
}

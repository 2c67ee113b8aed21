package build.inputfs.app.cli;

import build.inputfs.cache.view.SessionFolder;
import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.kernel.Mounter;
import build.inputfs.fuse.mount.MountPoints;
import build.inputfs.fuse.mount.MountTable;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs unmount}: ends a mount of inputfs. */
final class UnmountCommand implements Subcommand {

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs unmount MOUNTPOINT [OPTION...]")
        .description(
            "Ends what `inputfs mount` shows, and with it that program. What was written there is"
                + " gone. A mount whose program has died is removed too.",
            "");
    spec.addPositional(Options.argument(0, true, "MOUNTPOINT", "The directory."));
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    Path mountPoint = Path.of(Options.required(arguments, 0));
    Posix posix = Posix.load();
    Mounter mounter = new Mounter(posix);
    MountTable.Line line = MountTable.read().at(MountPoints.withoutTouching(mountPoint));
    Path upper = line == null ? null : line.upper();
    mounter.unmount(mountPoint);
    if (upper != null) {
      sweepSessions(posix, upper, mounter);
    }
    return OK;
  }

  /** Where the process has died that made an overlay, what it has left can go now. */
  private static void sweepSessions(Posix posix, Path upper, Mounter mounter) throws IOException {
    for (Path path = upper; path != null; path = path.getParent()) {
      Path parent = path.getParent();
      if (parent != null && path.getFileName().toString().startsWith(RealStrategies.SESSION)) {
        SessionFolder.sweep(posix, parent, RealStrategies.SESSION, mounter::clear);
        return;
      }
    }
  }
}

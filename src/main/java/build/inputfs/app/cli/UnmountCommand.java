package build.inputfs.app.cli;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.kernel.Mounter;
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
    new Mounter(Posix.load()).unmount(Path.of(Options.required(arguments, 0)));
    return OK;
  }
}

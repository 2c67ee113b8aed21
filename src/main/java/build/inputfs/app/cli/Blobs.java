package build.inputfs.app.cli;

import build.inputfs.app.config.Configuration;
import build.inputfs.app.config.Key;
import build.inputfs.cache.view.OutputCollector.Receiver;
import build.inputfs.cas.fetch.FetchingSource;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.push.Pusher;
import build.inputfs.cas.remote.RemoteCas;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.LocalStore;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The store that a command works with, and the remote behind it, if there is one.
 *
 * @param store takes what is made, and what is fetched
 * @param fetching reads what the store lacks from the remote; null without one
 */
record Blobs(LocalStore store, @Nullable RemoteCas remote, @Nullable FetchingSource fetching) {

  /** Where inputs are read: the store, and what it lacks from the remote. */
  BlobSource source() {
    return fetching == null ? store : fetching;
  }

  /** What can be measured of the remote and of fetching. */
  List<Metered> metered() {
    List<Metered> parts = new ArrayList<>();
    if (remote != null) {
      parts.add(remote);
    }
    if (fetching != null) {
      parts.add(fetching);
    }
    return parts;
  }

  /** Sends outputs to the remote, if there is one and it is not configured otherwise. */
  Receiver sending(LocalStore results, Configuration configuration) {
    boolean wanted = !"false".equals(configuration.get(Key.REMOTE_OUTPUTS));
    return wanted ? sending(results) : Receiver.NONE;
  }

  /** Sends outputs to the remote, if there is one. */
  Receiver sending(LocalStore results) {
    RemoteCas to = remote;
    if (to == null) {
      return Receiver.NONE;
    }
    Pusher pusher = new Pusher(results, to);
    return outputs -> pusher.outputs(outputs);
  }
}

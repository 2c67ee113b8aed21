package build.inputfs.cas.push;

/**
 * What came of sending blobs to a remote.
 *
 * @param blobs how many different ones there were
 * @param sent how many of them the remote did not have
 * @param sentBytes the size of these
 */
public record Pushed(long blobs, long sent, long sentBytes) {
  static final Pushed NONE = new Pushed(0, 0, 0);

  Pushed plus(Pushed other) {
    return new Pushed(blobs + other.blobs, sent + other.sent, sentBytes + other.sentBytes);
  }
}

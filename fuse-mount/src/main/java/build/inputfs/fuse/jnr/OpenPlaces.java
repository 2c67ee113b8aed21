package build.inputfs.fuse.jnr;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What is open, by the handles that the library is given: each a place that is used until it is
 * closed. Any thread may call any method.
 */
final class OpenPlaces {
  private final Map<Long, Place> places = new ConcurrentHashMap<>();
  private final AtomicLong last = new AtomicLong();

  /** Takes over the use of a place: its handle. */
  long add(Place place) {
    long handle = last.incrementAndGet();
    places.put(handle, place);
    return handle;
  }

  Place get(long handle) {
    Place place = places.get(handle);
    if (place == null) {
      throw new IllegalStateException("nothing is open by the handle " + handle);
    }
    return place;
  }

  /** Hands the use of a place over to the caller. */
  Place remove(long handle) {
    Place place = get(handle);
    places.remove(handle);
    return place;
  }
}

package build.inputfs.cas.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.Test;

final class ErrnosTest {

  @Test
  void numbers_areThisPlatforms() throws IllegalAccessException {
    List<String> wrong = new ArrayList<>();
    for (Field field : Errnos.class.getFields()) {
      if (field.getInt(null) != Errno.valueOf(field.getName()).intValue()) {
        wrong.add(field.getName());
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(Errnos.class.getFields()).isNotEmpty();
  }
}

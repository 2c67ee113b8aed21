package build.inputfs.fuse.mount;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a process may do, by what the kernel says of it. */
final class PrivilegesTest {

  @Test
  void mayMount_whenItHasTheCapability_whicheverElse() {
    assertThat(mayMount("000001ffffffffff")).isTrue();
    assertThat(mayMount("0000000000200000")).isTrue();
    assertThat(mayMount("ffffffffffffffff")).isTrue();
  }

  @Test
  void mayNotMount_whenItLacksIt() {
    assertThat(mayMount("0000000000000000")).isFalse();
    // What containers usually give.
    assertThat(mayMount("00000000a80425fb")).isFalse();
    assertThat(mayMount("000001ffffdfffff")).isFalse();
    assertThat(Privileges.mayMount("Name:\tx\n")).isFalse();
  }

  private static boolean mayMount(String effective) {
    return Privileges.mayMount(
        "Name:\tjava\nCapPrm:\t000001ffffffffff\nCapEff:\t" + effective + "\nCapAmb:\t0\n");
  }
}

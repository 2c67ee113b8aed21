package build.inputfs.fuse.mutable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.jnr.JnrOptions;
import build.inputfs.fuse.jnr.JnrTransport;
import build.inputfs.fuse.kernel.KernelTransport;
import build.inputfs.fuse.kernel.MountOptions;
import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.vfs.Child;
import build.inputfs.fuse.vfs.Transport;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Eight processes that read, write, rename, remove and list in one view at once, and know what each
 * must find. The longer form is in docs/CONFORMANCE.md.
 */
@Timeout(value = 1200, unit = TimeUnit.SECONDS)
final class TransportStressTest {
  private static final int SECONDS = Integer.getInteger("inputfs.test.stressSeconds", 3);
  private static final long SEED = Long.getLong("inputfs.test.seed", 20_261);

  private static final String CLIENT =
      """
      import random, time
      end = time.time() + int(sys.argv[2])
      os.mkdir('shared')
      def fail(who, what): sys.stdout.write('process %d: %s\\n' % (who, what)); os._exit(1)
      def work(who, r):
        own = 'own%d' % who
        os.mkdir(own); known = {}; done = 0; last = 0
        def content(path): return open(path, 'rb').read()
        while time.time() < end:
          done += 1
          dice = r.randrange(10)
          where = own if r.randrange(2) else 'shared'
          if dice < 3 or not known:
            last += 1
            path = '%s/%d-%d' % (where, who, last)
            data = bytes([r.randrange(256)]) * r.choice([0, 1, 100, 4096, 5000, 300000])
            with open(path, 'wb') as f: f.write(data)
            known[path] = data
          elif dice == 3:
            path = r.choice(sorted(known)); last += 1
            new = '%s/%d-%d' % (where, who, last)
            os.rename(path, new); known[new] = known.pop(path)
          elif dice == 4:
            path = r.choice(sorted(known))
            with open(path, 'ab') as f: f.write(b'more')
            known[path] += b'more'
          elif dice == 5:
            path = r.choice(sorted(known)); os.unlink(path); del known[path]
            if os.path.exists(path): fail(who, path + ' is still there')
          elif dice == 6:
            names = os.listdir(where)
            for path in known:
              if path.startswith(where + '/') and path.split('/')[1] not in names:
                fail(who, path + ' is not listed')
          elif dice == 7:
            if content('readme') != b'read me' or content('dir/sub/two') != b'two':
              fail(who, 'an input is wrong')
          elif dice == 8 and len(known) > 1:
            a, b = r.sample(sorted(known), 2)
            with open(b, 'rb') as old:
              os.rename(a, b)
              if old.read() != known[b]: fail(who, 'what was open has changed')
            known[b] = known.pop(a)
          else:
            path = r.choice(sorted(known))
            if os.stat(path).st_size != len(known[path]): fail(who, path + ' has a wrong size')
            if content(path) != known[path]: fail(who, path + ' has wrong bytes')
        for path in known:
          if content(path) != known[path]: fail(who, path + ' has wrong bytes at the end')
        sys.stdout.write('%d\\n' % done); sys.stdout.flush(); os._exit(0)
      pids = []
      for who in range(8):
        pid = os.fork()
        if pid == 0:
          try: work(who, random.Random(int(sys.argv[3]) + who))
          except BaseException as e: fail(who, repr(e))
        pids.append(pid)
      codes = [os.waitpid(p, 0)[1] for p in pids]
      print('ok' if not any(codes) else 'failed')
      """;

  @TempDir Path temp;

  @Test
  void overTheKernelTransport() throws Exception {
    Posix posix = Posix.load();
    stress(posix, new KernelTransport(posix, MountOptions.PRIVATE));
  }

  @Test
  void overTheJnrTransport() throws Exception {
    Posix posix = Posix.load();
    stress(posix, new JnrTransport(posix, JnrOptions.PRIVATE));
  }

  private void stress(Posix posix, Transport transport) throws Exception {
    if (!Files.isWritable(Path.of("/dev/fuse")) || posix.geteuid() != 0) {
      skip("mounting needs root and /dev/fuse");
    }
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger("build.inputfs");
    log.start();
    logger.addAppender(log);
    Path point = Files.createDirectory(temp.resolve("point"));
    Path scratch = Files.createDirectory(temp.resolve("views"));
    System.out.printf("%d s, -Dinputfs.test.seed=%d%n", SECONDS, SEED);
    try (ViewFixture fixture = new ViewFixture(temp);
        FuseStrategy strategy =
            new FuseStrategy(
                posix, transport, fixture.store, new TreeReader(fixture.store, 1 << 20), scratch);
        View view =
            strategy.open(new ViewSpec(fixture.root, point, 0, 0, false, List.of(), Quota.NONE));
        Child client =
            Child.start(
                "python3",
                "-c",
                "import os,sys\nos.chdir(sys.argv[1])\n" + CLIENT,
                point.toString(),
                String.valueOf(SECONDS),
                String.valueOf(SEED))) {
      client.awaitEnd(SECONDS + 120);
      System.out.println(view.mechanism() + ": " + client.output().replace('\n', ' '));
      assertThat(client.output()).endsWith("ok\n");
      assertThat(view.failures()).isEmpty();
    } catch (MountException e) {
      skip(String.valueOf(e.getMessage()));
    } finally {
      logger.detachAppender(log);
    }
    assertThat(log.list).isEmpty();
  }

  private static void skip(String reason) {
    System.out.println("skipped: " + reason);
    abort(reason);
  }
}

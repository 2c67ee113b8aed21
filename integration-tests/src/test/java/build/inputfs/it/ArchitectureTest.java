package build.inputfs.it;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.foreign.Linker;
import org.junit.jupiter.api.Test;

/**
 * Who may use whom. Between modules the build already refuses most of it; here it is whole, and
 * within the modules too. A rule whose package is empty fails: it would say nothing.
 */
final class ArchitectureTest {
  private static final String CAS = "build.inputfs.cas..";
  private static final String CACHE = "build.inputfs.cache..";
  private static final String FUSE = "build.inputfs.fuse..";
  private static final String APP = "build.inputfs.app..";

  private static final String VFS = "build.inputfs.fuse.vfs..";
  private static final String[] TRANSPORTS = {
    "build.inputfs.fuse.kernel..", "build.inputfs.fuse.jnr.."
  };
  private static final String[] FILE_SYSTEMS = {
    "build.inputfs.fuse.mutable..", "build.inputfs.fuse.forest..", "build.inputfs.fuse.overlay.."
  };

  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("build.inputfs");

  @Test
  void cas_usesNoModuleBelowIt() {
    refuse(CAS, CACHE, FUSE, APP);
  }

  @Test
  void cache_usesNoModuleBelowIt() {
    refuse(CACHE, FUSE, APP);
  }

  @Test
  void fuseMount_doesNotUseTheApplication() {
    refuse(FUSE, APP);
  }

  @Test
  void vfs_knowsNoProtocolAndNoFileSystem() {
    refuse(VFS, TRANSPORTS);
    refuse(VFS, FILE_SYSTEMS);
  }

  @Test
  void fileSystems_knowNoTransport() {
    noClasses()
        .that()
        .resideInAnyPackage(FILE_SYSTEMS)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(TRANSPORTS)
        .check(classes);
  }

  @Test
  void transports_knowNoFileSystem() {
    noClasses()
        .that()
        .resideInAnyPackage(TRANSPORTS)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(FILE_SYSTEMS)
        .check(classes);
  }

  @Test
  void nativeCalls_areMadeInPosixAndTheTransportsAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackages("build.inputfs.cas.posix..", TRANSPORTS[0], TRANSPORTS[1])
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("jnr..", "com.kenai.jffi..", "ru.serce.jnrfuse..")
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Linker.class)
        .check(classes);
  }

  @Test
  void packages_haveNoCycles() {
    slices().matching("build.inputfs.(**)").should().beFreeOfCycles().check(classes);
  }

  @Test
  void staticFields_areFinal() {
    fields()
        .that()
        .areStatic()
        .and()
        .areDeclaredInClassesThat()
        .resideOutsideOfPackages("build.inputfs.cas.proto..", "build.inputfs.app.proto..")
        .should()
        .beFinal()
        .because("there is no global state")
        .check(classes);
  }

  private void refuse(String user, String... used) {
    noClasses()
        .that()
        .resideInAPackage(user)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(used)
        .check(classes);
  }
}

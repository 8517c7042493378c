package io.tarn.it;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which module may use which. Only here are all of them on one class path. */
class ModuleDirectionsTest {
  private static final JavaClasses TARN =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.tarn");

  @ParameterizedTest
  @ValueSource(strings = {"settings", "index", "embedding", "kafka"})
  void aLibraryUsesNoOtherModule(String library) {
    mustNotUse(
        library,
        Stream.of("settings", "index", "embedding", "kafka", "spark", "flink", "benchmark", "cli")
            .filter(module -> !module.equals(library)));
  }

  @Test
  void sparkAndFlinkDoNotKnowEachOther() {
    mustNotUse("spark", Stream.of("flink", "kafka", "benchmark", "cli"));
    mustNotUse("flink", Stream.of("spark", "kafka", "benchmark", "cli"));
  }

  @Test
  void benchmarksUseNothingButTheIndex() {
    mustNotUse("benchmark", Stream.of("settings", "embedding", "kafka", "spark", "flink", "cli"));
  }

  private static void mustNotUse(String module, Stream<String> others) {
    noClasses()
        .that()
        .resideInAPackage(packages(module))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(others.map(ModuleDirectionsTest::packages).toArray(String[]::new))
        .check(TARN);
  }

  private static String packages(String module) {
    return "io.tarn." + module + "..";
  }
}

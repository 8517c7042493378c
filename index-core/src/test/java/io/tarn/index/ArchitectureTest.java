package io.tarn.index;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Which package of the index may depend on what. */
class ArchitectureTest {
  private static final JavaClasses INDEX =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.tarn.index");

  @Test
  void onlyFormatKnowsParquet() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.tarn.index.format")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.parquet..")
        .check(INDEX);
  }

  @Test
  void onlyTheHadoopStorageKnowsHadoop() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.tarn.index.storage.hadoop")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.hadoop..")
        .check(INDEX);
  }

  @Test
  void onlyTheSimdKernelsKnowTheVectorApi() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.tarn.index.kernel.simd")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator.vector")
        .check(INDEX);
  }

  @Test
  void noEngineIsKnown() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.spark..", "org.apache.flink..", "org.apache.kafka..")
        .check(INDEX);
  }

  @Test
  void packagesFormNoCycle() {
    slices().matching("io.tarn.index.(**)").should().beFreeOfCycles().check(INDEX);
  }
}

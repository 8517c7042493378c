package io.tarn.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.search.IndexReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ApiMethodsTest {
  static List<ApiMethod> jdk;

  @BeforeAll
  static void readJdk() throws Exception {
    jdk = ApiMethods.ofRunningJdk();
  }

  @Test
  void findsTheWholeJdk() {
    Map<String, ApiMethod> byId =
        jdk.stream().collect(Collectors.toMap(ApiMethod::id, Function.identity()));
    assertThat(byId).hasSizeGreaterThan(50_000);
    assertThat(byId.get("java.nio.file.Files.readAllLines(Path, Charset)"))
        .isEqualTo(
            new ApiMethod(
                "java.base",
                "java.nio.file",
                "Files",
                "readAllLines",
                List.of("Path", "Charset"),
                "List",
                List.of("Path", "Charset", "List", "String"),
                true,
                false));
    assertThat(byId).containsKeys("java.util.Map.Entry.getKey()", "java.lang.Math.abs(double)");
    assertThat(byId.get("java.lang.Thread.stop()").deprecated()).isTrue();
    assertThat(byId.keySet()).noneMatch(id -> id.contains("<") || id.contains("$1"));
  }

  @Test
  void theTextTellsTheNameTwiceAndLeavesOutNoise() {
    ApiMethod method =
        new ApiMethod(
            "m",
            "java.util",
            "Base64.Encoder",
            "encodeToString",
            List.of("byte[]"),
            "String",
            List.of("byte", "String"),
            false,
            false);
    assertThat(method.id()).isEqualTo("java.util.Base64.Encoder.encodeToString(byte[])");
    assertThat(method.text())
        .isEqualTo("encode string base 64 encoder encode string byte string java util");
  }

  @Test
  void theTextOfAConversionSaysSo() {
    ApiMethod method =
        new ApiMethod(
            "m",
            "java.lang",
            "Integer",
            "parseInt",
            List.of("String"),
            "int",
            List.of("String", "int"),
            true,
            false);
    assertThat(method.text())
        .isEqualTo("parse int integer parse int string int convert string int integer java lang");
  }

  @Test
  void readsJarsAndFolders() throws Exception {
    Path jar = Path.of(Test.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    assertThat(ApiMethods.ofLibrary("junit", jar))
        .extracting(ApiMethod::id)
        .contains("org.junit.jupiter.api.Assertions.assertTrue(boolean)");
    Path library =
        Path.of(IndexReader.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    assertThat(ApiMethods.ofLibrary("tarn", library))
        .extracting(ApiMethod::id)
        .contains("io.tarn.index.search.IndexReader.search(float[], int, Probe)")
        .noneMatch(id -> id.startsWith("io.tarn.index.search.TopK"));
  }
}

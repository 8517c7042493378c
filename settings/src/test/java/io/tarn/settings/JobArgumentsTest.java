package io.tarn.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JobArgumentsTest {

  @Test
  void noArgumentsMeanNoFileAndNoOverrides() {
    assertThat(JobArguments.parse()).isEqualTo(new JobArguments(Optional.empty(), List.of()));
  }

  @Test
  void fileAndOverridesMayComeInAnyOrder() {
    assertThat(JobArguments.parse("--set", "a=1", "--conf-file", "x.yaml", "--set", "b=2"))
        .isEqualTo(new JobArguments(Optional.of(Path.of("x.yaml")), List.of("a=1", "b=2")));
  }

  @Test
  void aDryRunIsASetting() {
    assertThat(JobArguments.parse("--set", "a=1", "--dry-run").overrides())
        .containsExactly("a=1", "dry-run=true");
  }

  @Test
  void anythingElseIsNamed() {
    assertRefused("unknown argument '--nlist'; a job takes", "--nlist", "4");
    assertRefused("unknown argument 'x.yaml'; a job takes", "x.yaml");
    assertRefused("--set is the last argument; it needs KEY=VALUE", "--set");
    assertRefused("--conf-file is the last argument; it needs FILE", "--conf-file");
    assertRefused("--conf-file is given twice", "--conf-file", "a", "--conf-file", "b");
    assertRefused("--conf-file '\0' is not a path", "--conf-file", "\0");
  }

  private static void assertRefused(String message, String... args) {
    assertThatThrownBy(() -> JobArguments.parse(args))
        .isInstanceOf(SettingsException.class)
        .hasMessageStartingWith(message);
  }
}

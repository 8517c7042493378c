package io.tarn.cli;

import io.tarn.index.format.Format;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} says. */
final class TarnVersion implements IVersionProvider {
  @Override
  public String[] getVersion() throws IOException {
    Properties build = new Properties();
    try (InputStream in = TarnVersion.class.getResourceAsStream("build.properties")) {
      build.load(in);
    }
    return new String[] {
      "Tarn %s, index format %d, Java %s"
          .formatted(
              build.getProperty("version"), Format.VERSION, System.getProperty("java.version"))
    };
  }
}

/** The demo: the JDK's own methods, from class files to answers that follow a stream. */
package io.tarn.cli.demo;

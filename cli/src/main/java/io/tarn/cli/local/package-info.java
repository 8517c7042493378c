/** Engines inside this JVM, and the traces they would leave. */
package io.tarn.cli.local;

/** The command line. */
package io.tarn.cli;

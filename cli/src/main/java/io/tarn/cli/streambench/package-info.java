/** Measures the stream job on this machine: how much it takes in, and how soon it is found. */
package io.tarn.cli.streambench;

/** Text to float vectors, alike for batch and stream. */
package io.tarn.embedding;

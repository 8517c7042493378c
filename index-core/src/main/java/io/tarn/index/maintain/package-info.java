/** What keeps an index in shape: merging and rewriting segments, splitting and dissolving lists. */
package io.tarn.index.maintain;

/** The vector index: its format, its commits and its search. */
package io.tarn.index;

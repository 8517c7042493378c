/** Which versions and files of an index are no longer kept, and removing them. */
package io.tarn.index.expire;

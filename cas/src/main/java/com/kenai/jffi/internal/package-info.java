/** What jffi looks up by its name, so that it can be another than jffi's own. */
@NullMarked
package com.kenai.jffi.internal;

import org.jspecify.annotations.NullMarked;

package io.tarn.cli.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.signature.SignatureReader;
import org.objectweb.asm.signature.SignatureVisitor;

/** Reads the public and protected methods of public classes from class files, loading none. */
final class ApiMethods {
  private static final int SKIPPED =
      ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES;

  private final Map<String, ApiMethod> byId = new LinkedHashMap<>();

  private ApiMethods() {}

  /** The methods of all modules of the running JDK. */
  static List<ApiMethod> ofRunningJdk() throws IOException {
    ApiMethods methods = new ApiMethods();
    List<ModuleReference> modules = new ArrayList<>(ModuleFinder.ofSystem().findAll());
    modules.sort(Comparator.comparing(module -> module.descriptor().name()));
    for (ModuleReference module : modules) {
      try (ModuleReader files = module.open();
          Stream<String> names = files.list()) {
        for (String name : names.filter(ApiMethods::isClass).sorted().toList()) {
          try (InputStream in = files.open(name).orElseThrow()) {
            methods.addClass(module.descriptor().name(), in);
          }
        }
      }
    }
    return new ArrayList<>(methods.byId.values());
  }

  /** The methods of a jar, or of a folder of class files. */
  static List<ApiMethod> ofLibrary(String origin, Path library) throws IOException {
    ApiMethods methods = new ApiMethods();
    if (Files.isDirectory(library)) {
      try (Stream<Path> files = Files.walk(library)) {
        for (Path file : files.filter(f -> isClass(f.toString())).sorted().toList()) {
          try (InputStream in = Files.newInputStream(file)) {
            methods.addClass(origin, in);
          }
        }
      }
    } else {
      try (JarFile jar = new JarFile(library.toFile())) {
        jar.stream()
            .filter(entry -> isClass(entry.getName()) && !entry.getName().startsWith("META-INF/"))
            .sorted(Comparator.comparing(entry -> entry.getName()))
            .forEach(
                entry -> {
                  try (InputStream in = jar.getInputStream(entry)) {
                    methods.addClass(origin, in);
                  } catch (IOException e) {
                    throw new UncheckedIOException("cannot read " + library, e);
                  }
                });
      }
    }
    return new ArrayList<>(methods.byId.values());
  }

  private static boolean isClass(String name) {
    return name.endsWith(".class") && !name.endsWith("-info.class");
  }

  private void addClass(String origin, InputStream classFile) throws IOException {
    new ClassReader(classFile).accept(new Collector(origin), SKIPPED);
  }

  private final class Collector extends ClassVisitor {
    private final String origin;
    private String packageName;
    private String className;
    private boolean open;

    Collector(String origin) {
      super(Opcodes.ASM9);
      this.origin = origin;
    }

    @Override
    public void visit(
        int version,
        int access,
        String name,
        String signature,
        String superName,
        String[] interfaces) {
      int slash = name.lastIndexOf('/');
      packageName = name.substring(0, Math.max(0, slash)).replace('/', '.');
      className = name.substring(slash + 1).replace('$', '.');
      boolean anonymous = name.matches(".*\\$\\d.*");
      open = (access & Opcodes.ACC_PUBLIC) != 0 && !anonymous;
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String descriptor, String signature, String[] exceptions) {
      boolean callable = (access & (Opcodes.ACC_PUBLIC | Opcodes.ACC_PROTECTED)) != 0;
      boolean written = (access & (Opcodes.ACC_SYNTHETIC | Opcodes.ACC_BRIDGE)) == 0;
      if (open && callable && written && !name.startsWith("<")) {
        ApiMethod method =
            new ApiMethod(
                origin,
                packageName,
                className,
                name,
                Stream.of(Type.getArgumentTypes(descriptor)).map(ApiMethods::simpleName).toList(),
                simpleName(Type.getReturnType(descriptor)),
                typeNames(signature == null ? descriptor : signature),
                (access & Opcodes.ACC_STATIC) != 0,
                (access & Opcodes.ACC_DEPRECATED) != 0);
        byId.putIfAbsent(method.id(), method);
      }
      return null;
    }
  }

  private static String simpleName(Type type) {
    String name = type.getClassName();
    return name.substring(Math.max(name.lastIndexOf('.'), name.lastIndexOf('$')) + 1);
  }

  /** The simple names of all types in a signature; type variables and void have none. */
  private static List<String> typeNames(String signature) {
    List<String> names = new ArrayList<>();
    new SignatureReader(signature)
        .accept(
            new SignatureVisitor(Opcodes.ASM9) {
              @Override
              public void visitBaseType(char descriptor) {
                if (descriptor != 'V') {
                  names.add(Type.getType(String.valueOf(descriptor)).getClassName());
                }
              }

              @Override
              public void visitClassType(String name) {
                names.add(simpleName(Type.getObjectType(name)));
              }
            });
    return names;
  }
}

import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.app.HL7Service;
import ca.uhn.hl7v2.llp.MinLowerLayerProtocol;
import ca.uhn.hl7v2.model.AbstractGroup;
import ca.uhn.hl7v2.model.GenericMessage;
import ca.uhn.hl7v2.model.Group;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.Segment;
import ca.uhn.hl7v2.model.Structure;
import ca.uhn.hl7v2.protocol.ReceivingApplication;
import ca.uhn.hl7v2.util.StandardSocketFactory;
import ca.uhn.hl7v2.util.Terser;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * HAPI HL7v2 on loopback ports, told what to do line by line: java HapiHl7.
 *
 * <p>Lines are parts with tabs between: "last PATH..." what came last, "read FILE CODEC PATH..." a file, "send HOST
 * PORT tls|plain FILE..." over one connection. Each is answered by one line of JSON.
 */
public class HapiHl7 {
  static volatile Message last;

  public static void main(String[] arguments) throws Exception {
    HapiContext context = new DefaultHapiContext();
    context.setValidationContext(ValidationContextFactory.defaultValidation());
    MinLowerLayerProtocol lower = new MinLowerLayerProtocol();
    lower.setCharset(StandardCharsets.UTF_8);
    context.setLowerLayerProtocol(lower);
    context.setSocketFactory(new OnLoopback());
    int plain = serve(context, false);
    int secure = System.getProperty("javax.net.ssl.keyStore") == null ? 0 : serve(context, true);
    System.out.println("ready " + plain + " " + secure);
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      String[] words = line.split("\t");
      String answer;
      try {
        answer = done(context, words);
      } catch (Exception error) {
        answer = json(Map.of("error", error.toString()));
      }
      System.out.write((answer + "\n").getBytes(StandardCharsets.UTF_8));
      System.out.flush();
    }
    System.exit(0);
  }

  /** HAPI binds its servers to every address; this one to the loopback alone. */
  static class OnLoopback extends StandardSocketFactory {
    @Override
    public ServerSocket createServerSocket() throws IOException {
      return new Loopback(false);
    }

    @Override
    public ServerSocket createTlsServerSocket() throws IOException {
      return new Loopback(true);
    }
  }

  static class Loopback extends ServerSocket {
    final boolean tls;

    Loopback(boolean tls) throws IOException {
      this.tls = tls;
    }

    @Override
    public void bind(SocketAddress address, int backlog) throws IOException {
      int port = ((InetSocketAddress) address).getPort();
      super.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), backlog);
    }

    @Override
    public Socket accept() throws IOException {
      Socket raw = super.accept();
      if (!tls) {
        return raw;
      }
      SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
      SSLSocket secured = (SSLSocket) factory.createSocket(raw, null, raw.getPort(), true);
      secured.setUseClientMode(false);
      return secured;
    }
  }

  static int serve(HapiContext context, boolean tls) throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    HL7Service server = context.newServer(port, tls);
    server.registerApplication(
        new ReceivingApplication<Message>() {
          public Message processMessage(Message message, Map<String, Object> facts)
              throws HL7Exception {
            last = message;
            try {
              return message.generateACK();
            } catch (IOException error) {
              throw new HL7Exception(error);
            }
          }

          public boolean canProcess(Message message) {
            return true;
          }
        });
    server.startAndWait();
    return port;
  }

  static String done(HapiContext context, String[] words) throws Exception {
    if (words[0].equals("last")) {
      Message message = last;
      last = null;
      return message == null ? json(Map.of("error", "nothing came")) : told(message, words, 1);
    }
    if (words[0].equals("read")) {
      String text = new String(Files.readAllBytes(Path.of(words[1])), Charset.forName(words[2]));
      return told(context.getPipeParser().parse(text), words, 3);
    }
    List<Object> answers = new ArrayList<>();
    Connection connection =
        context.newClient(words[1], Integer.parseInt(words[2]), words[3].equals("tls"));
    try {
      for (int at = 4; at < words.length; at++) {
        String text = Files.readString(Path.of(words[at]), StandardCharsets.UTF_8);
        Message sent = context.getPipeParser().parse(text);
        Message answer = connection.getInitiator().sendAndReceive(sent);
        Terser terser = new Terser(answer);
        answers.add(
            List.of(terser.get("/.MSA-1"), terser.get("/.MSA-2"), String.valueOf(terser.get("/.MSA-3"))));
      }
    } finally {
      connection.close();
    }
    return json(Map.of("answers", answers));
  }

  /** What a message says at some paths, its structure, and what is wrong with it by HAPI's own model of its version. */
  static String told(Message message, String[] words, int first) throws Exception {
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("structure", message instanceof GenericMessage ? "" : message.getName());
    found.put("version", message.getVersion());
    Map<String, Object> values = new LinkedHashMap<>();
    for (int at = first; at < words.length; at++) {
      Segment segment = found(message, words[at].substring(0, 3));
      int[] place = Terser.getIndices(words[at]);
      String value =
          segment == null ? null : Terser.get(segment, place[0], place[1], place[2], place[3]);
      values.put(words[at], value == null ? "" : value);
    }
    found.put("values", values);
    List<Object> wrong = new ArrayList<>();
    List<Object> foreign = new ArrayList<>();
    examine(message, message.getName(), wrong, foreign);
    found.put("wrong", wrong);
    found.put("foreign", foreign);
    return json(found);
  }

  /** The first segment of a name that says something, in whatever group; null for none. */
  static Segment found(Group group, String wanted) throws Exception {
    for (String name : group.getNames()) {
      for (Structure one : group.getAll(name)) {
        boolean said = !one.isEmpty();
        if (said && one instanceof Segment && one.getName().equals(wanted)) {
          return (Segment) one;
        }
        Segment inside = said && one instanceof Group ? found((Group) one, wanted) : null;
        if (inside != null) {
          return inside;
        }
      }
    }
    return null;
  }

  static void examine(Group group, String place, List<Object> wrong, List<Object> foreign)
      throws Exception {
    Set<String> added = ((AbstractGroup) group).getNonStandardNames();
    for (String name : group.getNames()) {
      boolean strange = added.contains(name);
      boolean empty = group.getAll(name).length == 0 || group.get(name).isEmpty();
      if (strange && !empty) {
        foreign.add(name);
      } else if (empty && group.isRequired(name)) {
        wrong.add(place + " lacks " + name);
      }
      for (Structure one : group.getAll(name)) {
        if (one.isEmpty()) {
          continue;
        }
        if (one instanceof Group) {
          examine((Group) one, place + "/" + name, wrong, foreign);
        } else if (!strange) {
          examine((Segment) one, wrong);
        }
      }
    }
  }

  static void examine(Segment segment, List<Object> wrong) throws Exception {
    int known = segment.getNames().length;
    int first = segment.getName().equals("MSH") ? 3 : 1; // its first two fields are the delimiters
    for (int field = first; field <= segment.numFields(); field++) {
      String place = segment.getName() + "-" + field;
      int repeated = segment.getField(field).length;
      if (field > known) {
        wrong.add(place + " is no field of version " + segment.getMessage().getVersion());
        continue;
      }
      if (repeated == 0 || segment.getField(field, 0).isEmpty()) {
        if (segment.isRequired(field)) {
          wrong.add(place + " is required");
        }
        continue;
      }
      int most = segment.getMaxCardinality(field);
      if (most > 0 && repeated > most) {
        wrong.add(place + " is repeated");
      }
      int longest = segment.getLength(field);
      for (int at = 0; at < repeated; at++) {
        int length = segment.getField(field, at).encode().length();
        if (longest > 0 && length > longest) {
          wrong.add(place + " has " + length + " characters; there may be " + longest);
        }
      }
    }
  }

  static String json(Object value) {
    if (value instanceof Map) {
      List<String> parts = new ArrayList<>();
      ((Map<?, ?>) value).forEach((key, one) -> parts.add(json(key) + ":" + json(one)));
      return "{" + String.join(",", parts) + "}";
    }
    if (value instanceof List) {
      List<String> parts = new ArrayList<>();
      ((List<?>) value).forEach(one -> parts.add(json(one)));
      return "[" + String.join(",", parts) + "]";
    }
    StringBuilder text = new StringBuilder("\"");
    for (char one : String.valueOf(value).toCharArray()) {
      text.append(one < 32 || one == '"' || one == '\\' ? String.format("\\u%04x", (int) one) : one);
    }
    return text.append('"').toString();
  }
}

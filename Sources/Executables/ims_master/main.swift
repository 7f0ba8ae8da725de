import ChannelPrograms
import Glibc

exit(StoreDelivery.run())
